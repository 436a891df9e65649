/** What a reader that repairs a file takes for the beginning or the end of an object. */
const objectWords =
  /endstream|endobj|startxref|trailer[\0\t\n\f\r ]*<<|(?<!\d)\d+[\0\t\n\f\r ]+\d+[\0\t\n\f\r ]+obj(?![A-Za-z0-9])/

/** Whether text of one character a byte holds such words, wherever they stand. */
export function resemblesObjects(text: string): boolean {
  return objectWords.test(text)
}
