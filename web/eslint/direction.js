/**
 * Imports point one way: generated → domain → stream → features → app.
 * The rank comes from the folder a file lives in, so a new file needs no new entry here.
 * `ui` is drawn by features and knows none of them; features do not know each other.
 */
import path from 'node:path';

const may = {
  generated: ['generated'],
  domain: ['domain', 'generated'],
  ui: ['ui', 'domain'],
  stream: ['stream', 'domain'],
  features: ['features', 'stream', 'domain', 'ui'],
  app: ['app', 'features', 'stream', 'domain', 'ui'],
  testing: ['testing', 'stream', 'domain', 'ui', 'features', 'app', 'generated'],
};

function place(file, root) {
  const parts = path.relative(root, file).split(path.sep);
  // A file directly in features/ is shared by all of them.
  const inFeature = parts[0] === 'features' && parts.length > 2;
  return { layer: parts[0], feature: inFeature ? parts[1] : undefined };
}

export const direction = {
  meta: {
    type: 'problem',
    schema: [{ type: 'string' }],
    messages: {
      against: '{{from}} may not import from {{to}}: generated → domain → stream → features → app',
      sibling: 'feature {{from}} may not import feature {{to}}: join them in app',
      generatedOnce:
        'generated types are named in domain/api-types.ts only, so a rename stays cheap',
      react: '{{from}} knows nothing of React',
    },
  },
  create(context) {
    const root = context.options[0];
    const file = context.filename;
    const here = place(file, root);
    const test = /\.test\.tsx?$/.test(file);
    if (here.layer === '..' || !(here.layer in may)) return {};

    function check(node) {
      const source = node.source?.value;
      if (typeof source !== 'string') return;
      if (/^(react|react-dom|@tanstack\/react-query)(\/|$)/.test(source)) {
        if (['generated', 'domain', 'stream'].includes(here.layer))
          context.report({ node, messageId: 'react', data: { from: here.layer } });
        return;
      }
      if (!source.startsWith('.')) return;
      const there = place(path.resolve(path.dirname(file), source), root);
      if (test && there.layer === 'testing') return;
      if (!(there.layer in may)) return;
      if (!may[here.layer].includes(there.layer))
        context.report({
          node,
          messageId: 'against',
          data: { from: here.layer, to: there.layer },
        });
      else if (here.layer === 'features' && there.feature && there.feature !== here.feature)
        context.report({
          node,
          messageId: 'sibling',
          data: { from: here.feature, to: there.feature },
        });
      else if (
        there.layer === 'generated' &&
        here.layer === 'domain' &&
        path.basename(file) !== 'api-types.ts' &&
        !test
      )
        context.report({ node, messageId: 'generatedOnce' });
    }
    return {
      ImportDeclaration: check,
      ExportNamedDeclaration: check,
      ExportAllDeclaration: check,
      ImportExpression: check,
    };
  },
};

export const noDefaultExport = {
  meta: { type: 'problem', schema: [], messages: { named: 'export by name, never by default' } },
  create: (context) => ({
    ExportDefaultDeclaration: (node) => context.report({ node, messageId: 'named' }),
  }),
};
