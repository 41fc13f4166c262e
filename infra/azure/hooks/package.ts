// azd, before it packages: builds the bundle into dist/, which azd zips as it is. Knows no cloud.

import { bundle } from '../../build/bundle.ts';

await bundle();
console.log('dist/ holds the bundle; nothing is built in Azure.');
