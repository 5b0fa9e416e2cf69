// Stands for actions/download-artifact, on GitHub's own client.
import * as core from '@actions/core'
import { DefaultArtifactClient } from '@actions/artifact'
import { join } from 'node:path'

async function run() {
  const client = new DefaultArtifactClient()
  const name = core.getInput('name')
  const path = core.getInput('path')
  if (name) {
    const { artifact } = await client.getArtifact(name)
    await client.downloadArtifact(artifact.id, { path })
  } else {
    const pattern = new RegExp(`^${core.getInput('pattern').split('*').map(part => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&')).join('.*')}$`)
    const { artifacts } = await client.listArtifacts({ latest: true })
    for (const artifact of artifacts.filter(one => pattern.test(one.name)))
      await client.downloadArtifact(artifact.id, { path: join(path, artifact.name) })
  }
}

run().catch(error => core.setFailed(error))
