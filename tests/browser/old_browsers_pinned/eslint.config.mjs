import compat from 'eslint-plugin-compat';

const known = compat.configs['flat/recommended'];

// A newer year than this is refused as it is written: Safari 16 has no more.
export default [
  {
    ...known,
    files: ['**/*.js'],
    languageOptions: { ...known.languageOptions, ecmaVersion: 2022, sourceType: 'module' },
    settings: { lintAllEsApis: true },
  },
];
