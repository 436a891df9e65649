/** A worker thread that verifies files one after the other by the settings it was started with. */
import { Readable } from 'node:stream'
import { workerData } from 'piscina'
import { readInput } from '../read-input.ts'
import { onlineMeans } from './online-means.ts'
import { settingsSchema } from './settings.ts'
import { type FileResult, type VerifyMeans, verifyFile } from './verify-file.ts'

const settings = settingsSchema.parse(workerData)
const context = { io: { stdin: Readable.from([]) }, language: settings.language }
const means: VerifyMeans = {
  read: (file) => readInput(file, context),
  ...(settings.online === null ? {} : { online: onlineMeans(settings.online.cacheFolder) }),
}

export function verifyOne(file: string): Promise<FileResult> {
  return verifyFile(file, settings, means)
}
