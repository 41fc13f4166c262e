// Where the repository is, for the scripts that build and check it.

import path from 'node:path';

export const root = path.resolve(import.meta.dirname, '..', '..');
