/** The plugins of nb2dag in JupyterLab and Notebook 7. */
import { ILayoutRestorer, JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { Clipboard, ICommandPalette } from '@jupyterlab/apputils';
import { IEditorLanguageRegistry } from '@jupyterlab/codemirror';
import { ICompletionProviderManager } from '@jupyterlab/completer';
import { IDefaultFileBrowser } from '@jupyterlab/filebrowser';
import { INotebookTracker } from '@jupyterlab/notebook';
import { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import { IStateDB } from '@jupyterlab/statedb';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import { Menu } from '@lumino/widgets';
import { Badges } from './badges';
import { TagCompletions } from './completion';
import { addCommands, CommandIDs, exportDag, ICommandParts, rename, say } from './commands';
import { DagPanel, Tab } from './panel';
import { request } from './request';
import { Sessions } from './sessions';
import { Squiggles } from './squiggles';
import type { IHello, IRulePage } from './wire';

const plugin: JupyterFrontEndPlugin<void> = {
  id: 'nb2dag:plugin',
  description: 'The DAG of the notebook: panel, badges, findings, Export as DAG.',
  autoStart: true,
  requires: [INotebookTracker, IEditorLanguageRegistry, IRenderMimeRegistry],
  optional: [
    ITranslator,
    ICommandPalette,
    ILayoutRestorer,
    IStateDB,
    IDefaultFileBrowser,
    ICompletionProviderManager
  ],
  activate: (
    app: JupyterFrontEnd,
    tracker: INotebookTracker,
    languages: IEditorLanguageRegistry,
    rendermime: IRenderMimeRegistry,
    translator: ITranslator | null,
    palette: ICommandPalette | null,
    restorer: ILayoutRestorer | null,
    state: IStateDB | null,
    browser: IDefaultFileBrowser | null,
    completer: ICompletionProviderManager | null
  ) => {
    const trans = (translator ?? nullTranslator).load('nb2dag');
    const settings = app.serviceManager.serverSettings;
    const sessions = new Sessions(tracker, settings, app.serviceManager.contents);
    let greeting: Promise<IHello> | null = null;
    const hello = (): Promise<IHello> => {
      // A failure is not kept: the server may be there the next time.
      greeting ??= request<IHello>(settings, 'hello').catch(error => {
        greeting = null;
        throw error;
      });
      return greeting;
    };
    const explain = async (code: string): Promise<string> => {
      try {
        return (await request<IRulePage>(settings, `rules/${encodeURIComponent(code)}`)).page;
      } catch (error) {
        return String((error as Error).message);
      }
    };
    const showPanel = (tab?: Tab): void => {
      panel.session = sessions.current;
      app.shell.activateById(panel.id);
      if (tab) {
        panel.show_tab(tab);
      }
    };
    const parts: ICommandParts = {
      app,
      sessions,
      trans,
      state,
      hello,
      showPanel,
      selectedFile: () => {
        const item = browser?.selectedItems().next();
        return item && !item.done ? item.value.path : null;
      }
    };
    const panel = new DagPanel({
      trans,
      hello,
      explain,
      languages,
      rendermime,
      openNotebook: path => void app.commands.execute('docmanager:open', { path }),
      exportDag: session => void exportDag(session, parts),
      rename: (session, task) => void rename(session, task, trans),
      copy: text => Clipboard.copyToSystem(text),
      say
    });
    addCommands(parts);
    app.shell.add(panel, 'right', { rank: 900, type: 'nb2dag' });
    restorer?.add(panel, panel.id);
    sessions.currentChanged.connect((_, session) => (panel.session = session));
    panel.session = sessions.current;

    for (const command of [
      CommandIDs.show,
      CommandIDs.exportDag,
      CommandIDs.run,
      CommandIDs.verify,
      CommandIDs.tagTask,
      CommandIDs.continueTask,
      CommandIDs.tagShared,
      CommandIDs.tagSkip,
      CommandIDs.untag,
      CommandIDs.rename
    ]) {
      palette?.addItem({ command, category: trans.__('Airflow DAG') });
    }
    const menu = new Menu({ commands: app.commands });
    for (const command of [
      CommandIDs.tagTask,
      CommandIDs.continueTask,
      CommandIDs.tagShared,
      CommandIDs.tagSkip,
      CommandIDs.untag,
      CommandIDs.rename
    ]) {
      menu.addItem({ command });
    }
    menu.addItem({ type: 'separator' });
    menu.addItem({ command: CommandIDs.show });

    sessions.added.connect((_, session) => {
      const notebook = session.panel.content;
      new Badges(session, trans, (cell, badge) => {
        notebook.activeCellIndex = notebook.widgets.indexOf(cell);
        const { left, bottom } = badge.getBoundingClientRect();
        menu.open(left, bottom + 2);
      });
      new Squiggles(session, {
        say,
        explain: () => showPanel('findings')
      });
    });
    completer?.registerProvider(
      new TagCompletions(
        async () => (await hello()).vocabulary,
        () => [...new Set(sessions.current?.document?.cells.flatMap(cell => cell.task ?? []) ?? [])]
      )
    );
    tracker.forEach(each => void sessions.of(each));
  }
};

export default plugin;
