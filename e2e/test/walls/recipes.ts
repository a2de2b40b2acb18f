// How each route is used by its owner. A new route without a line in one of these fails the test of the walls.
import { accountRecipes } from './account-recipes.ts';
import { factorRecipes } from './factor-recipes.ts';
import { mailRecipes } from './mail-recipes.ts';
import { mediaRecipes } from './media-recipes.ts';
import { pluginRecipes } from './plugin-recipes.ts';
import { storageRecipes } from './storage-recipes.ts';
import { workRecipes } from './work-recipes.ts';
import type { Recipes } from './world.ts';

export const recipes: Recipes = {
  ...pluginRecipes,
  ...accountRecipes,
  ...factorRecipes,
  ...mailRecipes,
  ...workRecipes,
  ...storageRecipes,
  ...mediaRecipes,
};
