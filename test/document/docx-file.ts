/** A Word document for tests, made of what is given; the parts that Word itself always writes come along. */
import { strToU8, zipSync } from 'fflate';

const W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"';
const OFFICE = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships';
const PACKAGE = 'http://schemas.openxmlformats.org/package/2006';
const XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>';

const PARTS = {
  '[Content_Types].xml': `${XML}<Types xmlns="${PACKAGE}/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/></Types>`,
  '_rels/.rels': `${XML}<Relationships xmlns="${PACKAGE}/relationships"><Relationship Id="r1" Type="${OFFICE}/officeDocument" Target="word/document.xml"/></Relationships>`,
  'word/_rels/document.xml.rels': `${XML}<Relationships xmlns="${PACKAGE}/relationships"><Relationship Id="r1" Type="${OFFICE}/styles" Target="styles.xml"/><Relationship Id="r2" Type="${OFFICE}/numbering" Target="numbering.xml"/><Relationship Id="r3" Type="${OFFICE}/footnotes" Target="footnotes.xml"/></Relationships>`,
  'word/styles.xml': `${XML}<w:styles ${W}><w:style w:type="paragraph" w:styleId="H1"><w:name w:val="heading 1"/></w:style></w:styles>`,
  'word/numbering.xml': `${XML}<w:numbering ${W}><w:abstractNum w:abstractNumId="0"><w:lvl w:ilvl="0"><w:numFmt w:val="bullet"/></w:lvl></w:abstractNum><w:num w:numId="1"><w:abstractNumId w:val="0"/></w:num></w:numbering>`,
  'word/footnotes.xml': `${XML}<w:footnotes ${W}><w:footnote w:id="2"><w:p><w:r><w:t>By the moon.</w:t></w:r></w:p></w:footnote></w:footnotes>`,
  'docProps/core.xml': `${XML}<cp:coreProperties xmlns:cp="${PACKAGE}/metadata/core-properties" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:dcterms="http://purl.org/dc/terms/"><dc:title>On Tides</dc:title><dc:creator>Ada Smith</dc:creator><cp:keywords>sea; moon</cp:keywords><dcterms:created>2024-01-15T10:00:00Z</dcterms:created></cp:coreProperties>`,
};

export const paragraph = (text: string, properties = '') =>
  `<w:p><w:pPr>${properties}</w:pPr><w:r><w:t xml:space="preserve">${text}</w:t></w:r></w:p>`;
export const heading = (text: string) => paragraph(text, '<w:pStyle w:val="H1"/>');
export const bullet = (text: string) =>
  paragraph(text, '<w:numPr><w:ilvl w:val="0"/><w:numId w:val="1"/></w:numPr>');
export const table = (rows: readonly (readonly string[])[]) => {
  const cell = (text: string) => `<w:tc>${paragraph(text)}</w:tc>`;
  return `<w:tbl>${rows.map((cells) => `<w:tr>${cells.map(cell).join('')}</w:tr>`).join('')}</w:tbl>`;
};
/** Of the one note there is: `By the moon.` */
export const note =
  '<w:p><w:r><w:t>Pulled</w:t></w:r><w:r><w:footnoteReference w:id="2"/></w:r></w:p>';

/** @param more other files of the archive */
export function docxFile(body: string, more: Record<string, Uint8Array> = {}): Uint8Array {
  const main = `${XML}<w:document ${W}><w:body>${body}</w:body></w:document>`;
  const parts = Object.entries({ ...PARTS, 'word/document.xml': main });
  const files = parts.map(([name, text]) => [name, strToU8(text)] as const);
  return zipSync({ ...Object.fromEntries(files), ...more });
}
