/** The page is for somebody who is signed in. */
export class SignInRequired extends Error {}
