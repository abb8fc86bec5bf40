/** GitHub Pages: a site is replaced as a whole, so what is published comes back first. */
import {
  DEPLOY_PAGES,
  expression,
  HEAD,
  INSTALL,
  publishStep,
  secret,
  UPLOAD_PAGES,
} from './workflow-parts.ts';

export interface PagesWorkflow {
  readonly name: string;
  /** In the repository, with / between, two segments at least: the first ones are the site. */
  readonly folder: string;
  /** Where the folder is shown. */
  readonly url: string;
  /** Folder of the keys. */
  readonly keys: string;
}

export function pagesWorkflow({ name, folder, url, keys }: PagesWorkflow): string {
  const site = folder.slice(0, folder.lastIndexOf('/'));
  const isNews = "steps.publish.outputs.outcome != 'unchanged'";
  return `${HEAD}
jobs:
  release:
    runs-on: ubuntu-latest
    outputs:
      outcome: ${expression('steps.publish.outputs.outcome')}
    steps:
${INSTALL}      - name: Bring back what is published
        env:
          SITE: ${JSON.stringify(url)}
          FOLDER: ${JSON.stringify(folder)}
          KEYS: ${JSON.stringify(keys)}
        run: npx evervec release pull --from "$SITE" --to "$FOLDER" --keys "$KEYS"
      - name: Build, which finds out whether anything changed
        env:
          DATABASE_URL: ${secret('DATABASE_URL')}
          KEYS: ${JSON.stringify(keys)}
        run: npx evervec release build ${name} --keys "$KEYS"
${publishStep(name, keys)}      # The rest of the site, if there is one, belongs into ${site} before this step.
      - uses: ${UPLOAD_PAGES}
        if: ${isNews}
        with:
          path: ${JSON.stringify(site)}

  deploy:
    needs: release
    if: ${isNews.replace('steps.publish', 'needs.release')}
    runs-on: ubuntu-latest
    permissions:
      pages: write
      id-token: write
    environment:
      name: github-pages
      url: ${expression('steps.deployment.outputs.page_url')}
    steps:
      - id: deployment
        uses: ${DEPLOY_PAGES}
`;
}
