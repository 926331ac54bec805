// Light or dark: the system's choice unless somebody chose here.
import { createStore } from './store.js';

const name = 'solvent.theme';
const choices = ['auto', 'light', 'dark'];
const system = matchMedia('(prefers-color-scheme: dark)');

export const theme = createStore(
  choices.includes(localStorage.getItem(name)) ? localStorage.getItem(name) : 'auto');

function apply() {
  const dark = theme.get() === 'dark' || (theme.get() === 'auto' && system.matches);
  document.documentElement.dataset.theme = dark ? 'dark' : 'light';
}

export function nextTheme() {
  theme.set(choices[(choices.indexOf(theme.get()) + 1) % choices.length]);
  localStorage.setItem(name, theme.get());
}

theme.subscribe(apply);
system.addEventListener('change', apply);
apply();
