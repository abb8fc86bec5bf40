import { defineConfig } from 'evervec';

export default defineConfig({
  sources: { articles: { table: 'articles', text: ['title', 'body'] } },
});
