// The addresses of the apps. `./triptych up` serves another version; a file server has no apps.
export const apps = [];
export const together = false;
export const password = "";
export const shapes = [];
