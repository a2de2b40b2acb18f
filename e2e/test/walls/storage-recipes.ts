// Uploads, and the objects they become.
import { named, type Recipes, type World } from './world.ts';

const UPLOADS = '/api/kernel/storage/uploads';
const TUS = { 'tus-resumable': '1.0.0' };
const CHUNK = { ...TUS, 'upload-offset': '0', 'content-type': 'application/offset+octet-stream' };

async function anUpload({ owner }: World) {
  const answer = await owner.send('POST', UPLOADS, undefined, {
    ...TUS,
    'upload-length': '5',
    'upload-metadata': `filename ${btoa('canary.txt')}`,
  });
  return { objectId: String(answer.headers.location).split('/').at(-1) ?? '' };
}

export async function anObject(world: World) {
  const { objectId } = await anUpload(world);
  await world.owner.send('PATCH', `${UPLOADS}/${objectId}`, Buffer.from('canar'), CHUNK);
  return { objectId, file: 'canary.txt' };
}

export const storageRecipes: Recipes = {
  'HEAD /api/kernel/storage/objects/{objectId}': named(anObject),
  'GET /api/kernel/storage/objects/{objectId}': named(anObject),
  'HEAD /api/kernel/storage/objects/{objectId}/{file}': named(anObject),
  'GET /api/kernel/storage/objects/{objectId}/{file}': named(anObject),
  'OPTIONS /api/kernel/storage/uploads': async () => ({ headers: TUS }),
  'POST /api/kernel/storage/uploads': async () => ({ headers: { ...TUS, 'upload-length': '5' } }),
  'HEAD /api/kernel/storage/uploads/{objectId}': named(anUpload, { headers: TUS }),
  'PATCH /api/kernel/storage/uploads/{objectId}': named(anUpload, { headers: CHUNK, body: Buffer.from('canar') }),
  'DELETE /api/kernel/storage/uploads/{objectId}': named(anUpload, { headers: TUS }),
};
