/** Takes note of one thing that is wrong: what follows the name of the option or variable, such as `must be a string`. */
export type Complain = (predicate: string) => void;
