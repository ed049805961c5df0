/** The page is for signed-in browsers only. */
export class SignInRequired extends Error {}
