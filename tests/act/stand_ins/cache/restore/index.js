// Stands for actions/cache/restore, on GitHub's own client.
import * as core from '@actions/core'
import { restoreCache } from '@actions/cache'

async function run() {
  const key = core.getInput('key')
  const others = core.getMultilineInput('restore-keys')
  try {
    const found = await restoreCache([core.getInput('path')], key, others, { lookupOnly: core.getBooleanInput('lookup-only') })
    core.setOutput('cache-hit', found === undefined ? '' : String(found === key))
  } catch (error) {
    core.warning(String(error))
  }
}

run().catch(error => core.setFailed(error))
