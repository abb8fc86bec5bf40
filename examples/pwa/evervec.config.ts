import { defineConfig } from 'evervec';

/** Documents alone, and one release of them: with their texts, so that the page can show a hit in its whole page. */
export default defineConfig({
  model: 'embedded',
  sources: {},
  releases: {
    guide: {
      collection: 'guide',
      product: 'evervec-guide',
      columns: ['origin', 'text'],
    },
  },
});
