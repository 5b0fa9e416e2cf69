// Stands for actions/cache/save, which ends well where it could not save.
import * as core from '@actions/core'
import { saveCache } from '@actions/cache'

async function run() {
  try {
    await saveCache([core.getInput('path')], core.getInput('key'))
  } catch (error) {
    core.warning(String(error))
  }
}

run().catch(error => core.setFailed(error))
