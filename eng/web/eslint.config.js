import js from '@eslint/js';
import globals from 'globals';

export default [
  js.configs.recommended,
  {
    files: ['**/*.js'],
    languageOptions: { ecmaVersion: 2024, sourceType: 'module', globals: globals.browser },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      'curly': 'error',
      'eqeqeq': 'error',
      'no-console': 'error',
      'no-eval': 'error',
      'no-implicit-globals': 'error',
      'no-restricted-properties': [
        'error',
        { property: 'innerHTML', message: 'Build elements; text of users must never become markup.' },
        { property: 'outerHTML', message: 'Build elements; text of users must never become markup.' },
        { property: 'insertAdjacentHTML', message: 'Build elements; text of users must never become markup.' },
      ],
      'no-shadow': 'error',
      'no-unused-vars': ['error', { args: 'all' }],
      'no-use-before-define': ['error', { functions: false, variables: false }],
      'no-var': 'error',
      'prefer-const': 'error',
    },
  },
];
