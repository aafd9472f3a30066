// What is supported in part is told by the pictures; margins of printed pages are worth having where they are understood.
export default {
  plugins: ['stylelint-no-unsupported-browser-features'],
  rules: {
    'plugin/no-unsupported-browser-features': [true, { ignorePartialSupport: true, ignore: ['css-paged-media'] }],
  },
};
