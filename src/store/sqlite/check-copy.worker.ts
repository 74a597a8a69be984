import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { workerData } from 'node:worker_threads'
import { checkInvariants, checkStructure } from './integrity.ts'
import { mainFile, pagesFile } from './open-store-files.ts'
import { readVersion } from './schema.ts'

// Checks the databases of the directory that is its data, which nobody has open. Fails with what is wrong with them.
checkCopy(workerData as string)

function checkCopy(directory: string): void {
  const [mainPath, pagesPath] = [join(directory, mainFile), join(directory, pagesFile)]
  checkStructure(mainPath)
  checkStructure(pagesPath)
  const [main, pages] = [new DatabaseSync(mainPath), new DatabaseSync(pagesPath)]
  try {
    const versions = [readVersion(main, mainPath, 'main'), readVersion(pages, pagesPath, 'pages')]
    // An older version is brought up, and checked then if need be, when it is opened to be used.
    if (versions.every(({ found, known }) => found === known)) checkInvariants({ mainPath, main, pages })
  } finally {
    main.close()
    pages.close()
  }
}
