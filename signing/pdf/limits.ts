/**
 * How much of a PDF is read before it is refused. The numbers are far above what official letters need and low
 * enough that a hostile file costs seconds, not the process.
 */
export const pdfLimits = {
  /** Longest file in bytes. */
  fileBytes: 512 * 1024 * 1024,
  /** Deepest nesting of arrays and dictionaries. */
  nesting: 100,
  /** Highest object number plus one (ISO 32000-1, annex C names 8,388,607 as a limit of readers). */
  objects: 8_388_608,
  /** Revisions of one file. */
  revisions: 1_000,
  /** Decoded bytes of one cross-reference or object stream. */
  decodedStreamBytes: 64 * 1024 * 1024,
  /** Decoded bytes of all object streams of one file together. */
  decodedTotalBytes: 512 * 1024 * 1024,
  /** Longest name in bytes. */
  nameBytes: 4096,
  /** Fields and widgets of a form. */
  formFields: 20_000,
  /** Pages. */
  pages: 200_000,
  /** Steps from reference to reference before a value must stand. */
  referenceChain: 16,
} as const
