/** Where the page starts. */
import './ui/tokens.css';
import './ui/base.css';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './app/app';
import { Providers } from './app/providers';
import { openStream } from './stream/stream';

const root = document.getElementById('root');
if (!root) throw new Error('the page has no place to draw into');

createRoot(root).render(
  <StrictMode>
    <Providers stream={openStream()}>
      <App />
    </Providers>
  </StrictMode>,
);
