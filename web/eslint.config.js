import path from 'node:path';
import js from '@eslint/js';
import jsxA11y from 'eslint-plugin-jsx-a11y';
import reactHooks from 'eslint-plugin-react-hooks';
import tseslint from 'typescript-eslint';
import { direction, noDefaultExport } from './eslint/direction.js';

const src = path.join(import.meta.dirname, 'src');

export default tseslint.config(
  { ignores: ['dist', 'node_modules', 'src/generated', 'public'] },
  js.configs.recommended,
  {
    files: ['src/**/*.{ts,tsx}'],
    extends: [
      tseslint.configs.recommendedTypeChecked,
      tseslint.configs.stylistic,
      jsxA11y.flatConfigs.recommended,
      reactHooks.configs.flat.recommended,
    ],
    languageOptions: {
      parserOptions: { project: './tsconfig.app.json', tsconfigRootDir: import.meta.dirname },
    },
    plugins: { bellwether: { rules: { direction, 'no-default-export': noDefaultExport } } },
    rules: {
      'bellwether/direction': ['error', src],
      'bellwether/no-default-export': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_' }],
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/consistent-type-definitions': 'off',
      // Roles on lists and tables are stated where styling takes the native meaning away.
      'jsx-a11y/no-redundant-roles': 'off',
    },
  },
  {
    files: ['dev/**/*.mjs', 'e2e/**/*.mjs', 'eslint/**/*.js', '*.js'],
    languageOptions: {
      globals: {
        process: 'readonly',
        console: 'readonly',
        URL: 'readonly',
        URLSearchParams: 'readonly',
        fetch: 'readonly',
        Buffer: 'readonly',
        setTimeout: 'readonly',
        clearTimeout: 'readonly',
        setInterval: 'readonly',
        clearInterval: 'readonly',
        performance: 'readonly',
        PerformanceObserver: 'readonly',
        document: 'readonly',
        window: 'readonly',
        localStorage: 'readonly',
        requestAnimationFrame: 'readonly',
        innerWidth: 'readonly',
        innerHeight: 'readonly',
        location: 'readonly',
        getComputedStyle: 'readonly',
      },
    },
  },
);
