// Stands for actions/upload-artifact, on GitHub's own client. A name is taken once: the server says so.
import * as core from '@actions/core'
import { DefaultArtifactClient } from '@actions/artifact'
import { existsSync, readdirSync, statSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'

function filesBelow(folder, hidden) {
  return readdirSync(folder, { withFileTypes: true })
    .filter(entry => hidden || !entry.name.startsWith('.'))
    .flatMap(entry => (entry.isDirectory() ? filesBelow(join(folder, entry.name), hidden) : [join(folder, entry.name)]))
}

async function run() {
  const path = resolve(core.getInput('path'))
  const hidden = core.getBooleanInput('include-hidden-files')
  const isFolder = existsSync(path) && statSync(path).isDirectory()
  const files = !existsSync(path) ? [] : isFolder ? filesBelow(path, hidden) : [path]
  if (files.length) await new DefaultArtifactClient().uploadArtifact(core.getInput('name'), files, isFolder ? path : dirname(path))
  else if (core.getInput('if-no-files-found') === 'error') core.setFailed(`no files at ${path}`)
}

run().catch(error => core.setFailed(error))
