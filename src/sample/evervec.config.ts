/** What `npm start` shows: two tables of a platform that shares private flights, kept searchable. */
import { defineConfig } from 'evervec';

export default defineConfig({
  sources: {
    airports: {
      table: 'airports',
      text: '{name} ({code})\n{city}, {country}\n{description}',
    },
    offers: {
      table: 'jet_offers',
      text: ['title', 'description'],
    },
  },
});
