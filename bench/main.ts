import { benchCompute, benchTransfers } from './evaluate.ts'

benchTransfers()
benchCompute()
