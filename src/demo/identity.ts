/** The embedded cloud's Keystone data: projects, users with their roles, application credentials. No HTTP here. */

export interface Project {
  readonly id: string;
  readonly name: string;
}

export interface User {
  readonly id: string;
  readonly name: string;
  readonly password: string;
  /** The project that the user works in; every user of this cloud has one. */
  readonly project: Project;
  readonly roles: readonly string[];
}

export interface ApplicationCredential {
  readonly id: string;
  readonly name: string;
  readonly secret: string;
  readonly userId: string;
}

export interface NewUser {
  readonly name: string;
  readonly password: string;
  readonly project: Project;
  /** Only `admin` sees what other projects own. */
  readonly roles: readonly string[];
}

export class Identity {
  readonly #drawId: () => string;
  readonly #users = new Map<string, User>();
  readonly #credentials: ApplicationCredential[] = [];
  readonly adminProject: Project;
  readonly admin: User;

  constructor(drawId: () => string) {
    this.#drawId = drawId;
    this.adminProject = this.addProject('admin');
    this.admin = this.addUser({
      name: 'admin',
      password: 'embedded-cloud-only',
      project: this.adminProject,
      roles: ['member', 'reader', 'admin'],
    });
  }

  get users(): readonly User[] {
    return [...this.#users.values()];
  }

  get credentials(): readonly ApplicationCredential[] {
    return this.#credentials;
  }

  /** A project exists as far as users and objects name it. */
  addProject(name: string): Project {
    return { id: this.#drawId(), name };
  }

  addUser(user: NewUser): User {
    const added = { id: this.#drawId(), ...user };
    this.#users.set(added.id, added);
    return added;
  }

  /** Takes effect at once, on tokens in use as well: that is how a view gets narrowed without any error. */
  setRoles(user: { readonly id: string }, roles: readonly string[]): void {
    const before = this.user(user.id);
    this.#users.set(before.id, { ...before, roles });
  }

  /** The user as it is now; throws for an id that no user has. */
  user(id: string): User {
    const user = this.#users.get(id);
    if (user === undefined) {
      throw new Error(`No user has the id ${id}; create it with addUser`);
    }
    return user;
  }

  addApplicationCredential(
    user: { readonly id: string },
    name: string,
    secret: string,
  ): ApplicationCredential {
    const credential = { id: this.#drawId(), name, secret, userId: user.id };
    this.#credentials.push(credential);
    return credential;
  }
}
