/** What stands where pages are read, before there is one. */

const QUESTIONS = [
  'what happens when a worker dies',
  'go back to an older release',
  'who may see a document',
  'how are chunks cut',
  'which models can I use',
];

interface Props {
  isInstalled: boolean;
  /** Of pages. */
  count: number;
  onQuery: (query: string) => void;
}

export function Welcome({ isInstalled, count, onQuery }: Props) {
  return (
    <section className="reader welcome" aria-label="Welcome">
      <p className="lead">
        {isInstalled
          ? 'The whole guide is on this device. It is searched here, by words and by meaning, as you type.'
          : 'The guide is on its way to this device. It will be searched here, by words and by meaning.'}
      </p>
      <p className="sub">
        {count > 0 && `${count} pages, one signed release. `}Nothing you type leaves this page, and
        it opens without a network.
      </p>
      <h2>For example</h2>
      <ul className="examples">
        {QUESTIONS.map((question) => (
          <li key={question}>
            <button type="button" onClick={() => onQuery(question)}>
              {question}
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}
