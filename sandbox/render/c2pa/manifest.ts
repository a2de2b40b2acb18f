// What a signed result says of itself, in C2PA's words: the clip was opened, and each effect edited it.
import { type EffectProvenance, PROVENANCE_TAG, type Provenance } from '../provenance.ts';

/** The assertion that holds our own words, whole. */
export const PROVENANCE_ASSERTION = `${PROVENANCE_TAG}.provenance`;

/** The manifest of a result before it is signed. */
export function manifestOf(provenance: Provenance, generator: { readonly version: string }, format: string) {
  const { source, effects, made } = provenance;
  const clip = { title: 'clip', label: 'clip', relationship: 'parentOf', instance_id: `sha256:${source.sha256}` };
  return {
    claim_generator_info: [{ name: 'Plinth', ...generator }],
    title: effects.map(({ title }) => title).join(', ') || 'Render',
    format,
    ingredients: [{ ...clip, format: 'video' }],
    assertions: [
      {
        label: 'c2pa.actions.v2',
        data: {
          actions: [
            { action: 'c2pa.opened', when: made, parameters: { ingredientIds: [clip.label] } },
            ...effects.map((effect) => editedBy(effect, made)),
          ],
        },
      },
      // As text: its encoding takes lists of small numbers for bytes.
      { label: PROVENANCE_ASSERTION, data: { json: JSON.stringify(provenance) } },
    ],
  };
}

function editedBy({ id, version, title, sha256, seed, params }: EffectProvenance, when: string) {
  const named = { id, version, sha256, seed, params: JSON.stringify(params) };
  return {
    action: 'c2pa.edited',
    when,
    softwareAgent: { name: id, version },
    description: title,
    parameters: Object.fromEntries(Object.entries(named).map(([name, value]) => [`${PROVENANCE_TAG}.${name}`, value])),
  };
}
