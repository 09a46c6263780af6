/** The commands: what menus, palette, shortcuts, toolbar and badges do. */
import type { JupyterFrontEnd } from '@jupyterlab/application';
import { Dialog, InputDialog, Notification, showDialog } from '@jupyterlab/apputils';
import type { IStateDB } from '@jupyterlab/statedb';
import type { TranslationBundle } from '@jupyterlab/translation';
import { ExportBody, ExportResult, IExportChoice } from './exporting';
import { dagIcon } from './icon';
import { Refusal, request } from './request';
import type { Session } from './session';
import type { Sessions } from './sessions';
import type { IExportAnswer, IHello, IImportAnswer, IPanel, IRegistrationAnswer } from './wire';

export namespace CommandIDs {
  export const show = 'nb2dag:show';
  export const exportDag = 'nb2dag:export';
  export const exportFile = 'nb2dag:export-file';
  export const run = 'nb2dag:run';
  export const verify = 'nb2dag:verify';
  export const tagTask = 'nb2dag:tag-task';
  export const continueTask = 'nb2dag:continue-task';
  export const tagShared = 'nb2dag:tag-shared';
  export const tagSkip = 'nb2dag:tag-skip';
  export const untag = 'nb2dag:untag';
  export const rename = 'nb2dag:rename-task';
}

export interface ICommandParts {
  app: JupyterFrontEnd;
  sessions: Sessions;
  trans: TranslationBundle;
  state: IStateDB | null;
  hello(): Promise<IHello>;
  showPanel(tab?: 'findings' | 'run'): void;
  selectedFile(): string | null;
}

const NO_ARGS = { type: 'object', properties: {} } as const;

/** Say something went wrong; a notification stays until it was read. */
export function say(message: string): void {
  Notification.error(message, { autoClose: 8000 });
}

export function addCommands(parts: ICommandParts): void {
  const { app, sessions, trans } = parts;
  const current = (): Session | null => sessions.current;
  const add = (
    id: string,
    label: string,
    execute: (session: Session) => Promise<void>,
    caption = '',
    enabled?: (session: Session) => boolean
  ): void => {
    app.commands.addCommand(id, {
      label,
      caption,
      describedBy: { args: NO_ARGS },
      isEnabled: () => {
        const session = current();
        return session !== null && (enabled?.(session) ?? true);
      },
      execute: async () => {
        const session = current();
        if (session) {
          await execute(session);
        }
      }
    });
  };
  const activeTag = (session: Session): number => session.panel.content.activeCellIndex + 1;
  const tag =
    (directive: string | null, name?: () => Promise<string | null>) =>
    async (session: Session): Promise<void> => {
      const given = name ? await name() : undefined;
      if (given !== null) {
        const change = {
          type: 'tag',
          cell: activeTag(session),
          directive,
          ...(given ? { name: given } : {})
        };
        report(await session.change(change));
      }
    };
  const isCode = (session: Session): boolean => session.panel.content.activeCell?.model.type === 'code';

  app.commands.addCommand(CommandIDs.show, {
    label: trans.__('Show the DAG of the Notebook'),
    icon: dagIcon,
    describedBy: { args: NO_ARGS },
    execute: () => parts.showPanel()
  });
  app.commands.addCommand(CommandIDs.exportDag, {
    label: args => (args.toolbar ? trans.__('Export as DAG') : trans.__('Export as DAG…')),
    caption: trans.__('Export the notebook as an Airflow DAG'),
    icon: args => (args.toolbar ? dagIcon : undefined),
    describedBy: { args: { type: 'object', properties: { toolbar: { type: 'boolean' } } } },
    isEnabled: () => current() !== null,
    execute: async () => {
      const session = current();
      if (session) {
        await exportDag(session, parts);
      }
    }
  });
  app.commands.addCommand(CommandIDs.exportFile, {
    label: trans.__('Export as DAG…'),
    icon: dagIcon,
    describedBy: { args: NO_ARGS },
    execute: async () => {
      const path = parts.selectedFile();
      if (path) {
        const widget = await app.commands.execute('docmanager:open', { path, factory: 'Notebook' });
        // A file that is no notebook never gets ready: JupyterLab says why, and closes the tab.
        const ready = await Promise.race([
          widget?.context?.ready.then(() => true),
          new Promise(resolve => widget?.disposed.connect(() => resolve(false)))
        ]);
        if (widget && ready) {
          await exportDag(sessions.of(widget), parts);
        }
      }
    }
  });
  const job =
    (kind: 'run' | 'verify') =>
    async (session: Session): Promise<void> => {
      parts.showPanel('run');
      await session.start(kind);
    };
  add(
    CommandIDs.run,
    trans.__('Run as DAG'),
    job('run'),
    trans.__('Run the DAG on the server, without Airflow')
  );
  add(CommandIDs.verify, trans.__('Verify the DAG against the Notebook'), job('verify'));
  add(
    CommandIDs.tagTask,
    trans.__('Tag Cell as Task…'),
    tag('task', () => askName(trans, '')),
    '',
    isCode
  );
  add(
    CommandIDs.continueTask,
    trans.__('Continue the Task Above'),
    async session => {
      const above = taskAbove(session);
      report(
        above
          ? await session.change({ type: 'tag', cell: activeTag(session), directive: 'task', name: above })
          : ''
      );
    },
    '',
    session => isCode(session) && taskAbove(session) !== null
  );
  add(CommandIDs.tagShared, trans.__('Tag Cell as Shared'), tag('shared'), '', isCode);
  add(CommandIDs.tagSkip, trans.__('Skip Cell in the DAG'), tag('skip'), '', isCode);
  add(CommandIDs.untag, trans.__('Remove the Tag'), tag(null), '', isCode);
  add(
    CommandIDs.rename,
    trans.__('Rename Task…'),
    async session => {
      const task = session.cellAt(session.panel.content.activeCellIndex)?.task;
      if (task) {
        await rename(session, task, trans);
      }
    },
    '',
    session => Boolean(session.cellAt(session.panel.content.activeCellIndex)?.task)
  );
}

function report(problem: string): void {
  if (problem) {
    say(problem);
  }
}

/** The task of the nearest task cell above the active one. */
export function taskAbove(session: Session): string | null {
  for (let index = session.panel.content.activeCellIndex - 1; index >= 0; index--) {
    const task = session.cellAt(index)?.task;
    if (task) {
      return task;
    }
  }
  return null;
}

async function askName(trans: TranslationBundle, text: string): Promise<string | null> {
  const result = await InputDialog.getText({
    title: text ? trans.__('Rename the task') : trans.__('Tag the cell as a task'),
    label: trans.__('Name of the task'),
    text,
    placeholder: text ? '' : trans.__('empty: a name made from the cell'),
    okLabel: text ? trans.__('Rename') : trans.__('Tag')
  });
  return result.button.accept ? (result.value ?? '').trim() : null;
}

/** Ask for a task's new name and write it wherever the notebook names the task. */
export async function rename(session: Session, task: string, trans: TranslationBundle): Promise<void> {
  const name = await askName(trans, task);
  if (name && name !== task) {
    report(await session.change({ type: 'rename', task, name }));
  }
}

/** Check, ask where to, write, and show what came of it. */
export async function exportDag(session: Session, parts: ICommandParts): Promise<void> {
  const { trans } = parts;
  try {
    await session.lookAtFile();
    const found = await session.ask<IPanel>('panel');
    if (!found.exportable) {
      await refuse(found, parts);
      return;
    }
    const key = `nb2dag:export:${session.path}`;
    const choice: IExportChoice = { folder: await remembered(parts.state, key), force: false };
    const { dag_folders } = await parts.hello();
    const warnings = found.summary.warnings;
    const body = new ExportBody({ session, trans, choice, folders: ['dags', ...dag_folders], warnings });
    const label = warnings ? trans.__('Export Anyway') : trans.__('Export');
    const asked = await showDialog({
      title: trans.__('Export %1 as DAG', found.dag_id),
      body,
      buttons: [Dialog.cancelButton(), Dialog.okButton({ label })]
    });
    if (!asked.button.accept || !asked.value) {
      return;
    }
    const answer = await session.ask<IExportAnswer>('export', {
      folder: asked.value.folder,
      force: asked.value.force
    });
    await parts.state?.save(key, { folder: asked.value.folder });
    await showResult(session, answer, parts);
  } catch (error) {
    say(error instanceof Refusal ? error.message : String(error));
  }
}

async function remembered(state: IStateDB | null, key: string): Promise<string> {
  const kept = (await state?.fetch(key)) as { folder?: unknown } | undefined;
  return typeof kept?.folder === 'string' ? kept.folder : 'dags';
}

async function refuse(found: IPanel, parts: ICommandParts): Promise<void> {
  const { trans } = parts;
  const { errors } = found.summary;
  const body = errors
    ? trans._n(
        '%1 error stands in the way: the panel lists it, with its line and what to do.',
        '%1 errors stand in the way: the panel lists them, with their lines and what to do.',
        errors,
        errors
      )
    : trans.__('No cell is a task yet: tag one first, for instance with the badge above it.');
  await showDialog({
    title: trans.__('%1 cannot be exported yet', found.dag_id),
    body,
    buttons: [Dialog.okButton({ label: trans.__('Show') })]
  });
  parts.showPanel('findings');
}

async function showResult(session: Session, answer: IExportAnswer, parts: ICommandParts): Promise<void> {
  const { app, trans } = parts;
  const settings = app.serviceManager.serverSettings;
  const imported = request<IImportAnswer>(settings, 'import', {
    method: 'POST',
    body: { target: answer.target }
  });
  const registration = (): Promise<IRegistrationAnswer> =>
    request<IRegistrationAnswer>(settings, 'registration', {
      method: 'POST',
      body: { target: answer.target }
    });
  const dialog = new Dialog({
    title: trans.__('%1 is exported', answer.dag_id),
    body: new ExportResult(answer, imported, registration, trans, path => {
      dialog.resolve(0);
      void app.commands.execute('docmanager:open', { path });
    }),
    buttons: [Dialog.okButton({ label: trans.__('Done') })]
  });
  imported.then(
    found => session.take(found),
    () => undefined
  );
  await dialog.launch();
}
