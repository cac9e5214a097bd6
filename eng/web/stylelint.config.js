export default {
  extends: ['stylelint-config-standard'],
  rules: {
    // No rule twice, within a file: the house asks for it. The order by specificity would tear features apart.
    'no-duplicate-selectors': true,
    'declaration-block-no-duplicate-properties': [true, { ignore: ['consecutive-duplicates-with-different-values'] }],
    'no-descending-specificity': null,
    'property-no-vendor-prefix': null,
  },
};
