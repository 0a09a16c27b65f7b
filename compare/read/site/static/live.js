// Where the apps are. `./triptych up` answers with its own; on a mere file server there are none.
export const apps = [];
export const together = false;
export const password = "";
export const shapes = [];
