"""A server of the OpenAI protocol that answers by a script, for where no language model is configured."""
