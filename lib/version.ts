/** The version of this package, as in `package.json`. A constant, so that bundled applications have it too. */
export const VERSION = '0.1.0';
