/**
 * How much of a PDF is read before it is refused. The numbers are far above what official letters need and low
 * enough that a hostile file costs seconds, not the process.
 */
export const pdfLimits = {
  /** Longest file in bytes. */
  fileBytes: 512 * 1024 * 1024,
  /** Deepest nesting of arrays and dictionaries. */
  nesting: 100,
  /** Highest object number plus one. */
  objects: 500_000,
  /** Entries of all cross-reference sections of one file together. */
  xrefEntries: 2_000_000,
  /** What parsed values may take up, by the length of the file. */
  valueBytes: { fixed: 56 * 1024 * 1024, perByte: 24, most: 1024 * 1024 * 1024 },
  /** Items of one array, or entries of one dictionary. */
  items: 2_000_000,
  /** Revisions of one file. */
  revisions: 200,
  /** Objects looked at while revisions are compared, each revision counted anew, by the length of the file. */
  visits: { fixed: 250_000, perByte: 0.25, most: 4_000_000 },
  /** Decoded bytes of one cross-reference or object stream. */
  decodedStreamBytes: 64 * 1024 * 1024,
  /** Decoded bytes of all object streams of one file together. */
  decodedTotalBytes: 64 * 1024 * 1024,
  /** Decoded bytes of the security store. */
  securityStoreBytes: 16 * 1024 * 1024,
  /** Lengths that one stream may have in the course of the revisions. */
  streamLengths: 4,
  /** Longest name in bytes. */
  nameBytes: 4096,
  /** Longest literal string in bytes. */
  literalBytes: 4 * 1024 * 1024,
  /** Fields and widgets of a form. */
  formFields: 10_000,
  /** Longest full name of a form field, in UTF-16 code units. */
  fieldNameLength: 1024,
  /** Signatures of all revisions together. */
  signatures: 100,
  /** Pages. */
  pages: 200_000,
  /** Steps from reference to reference before a value must stand. */
  referenceChain: 16,
} as const
