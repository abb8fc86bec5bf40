/** What the workflows have in common. Actions are GitHub's own, each by the commit of its release, so that a moved tag changes nothing. */

export const CHECKOUT = 'actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1';
export const SETUP_NODE = 'actions/setup-node@820762786026740c76f36085b0efc47a31fe5020 # v7.0.0';
export const UPLOAD_PAGES =
  'actions/upload-pages-artifact@fc324d3547104276b827a68afc52ff2a11cc49c9 # v5.0.0';
export const DEPLOY_PAGES =
  'actions/deploy-pages@cd2ce8fcbc39b97be8ca5fce6e763baed58fa128 # v5.0.0';

/** An expression of Actions. */
export function expression(text: string): string {
  return `\${{ ${text} }}`;
}

export function secret(name: string): string {
  return expression(`secrets.${name}`);
}

export const HEAD = `name: release

on:
  # A channel is good for three days: once a day is often enough, also when a run fails.
  schedule:
    - cron: '17 5 * * *'
  workflow_dispatch:
  # For who changes content: POST /repos/OWNER/NAME/dispatches with this type.
  repository_dispatch:
    types: [content-changed]

permissions:
  contents: read

# Two at once would take the same number; one that waits begins with what the other has published.
concurrency:
  group: release
  cancel-in-progress: false
`;

export const INSTALL = `      - uses: ${CHECKOUT}
      - uses: ${SETUP_NODE}
        with:
          node-version: 24
      - run: npm ci
`;

/** @param keys of whom they are given to: no other step sees them */
export function publishStep(name: string, keys: string, environment = ''): string {
  return `      - name: Publish, or sign the channel again when it is time
        id: publish
        env:
          EVERVEC_RELEASE_KEY: ${secret('EVERVEC_RELEASE_KEY')}
          EVERVEC_CHANNEL_KEY: ${secret('EVERVEC_CHANNEL_KEY')}
          KEYS: ${JSON.stringify(keys)}
${environment}        run: |
          npx evervec release publish ${name} --keys "$KEYS" --yes --json > published.json
          node -p '"outcome=" + JSON.parse(fs.readFileSync("published.json")).outcome' >> "$GITHUB_OUTPUT"
`;
}
