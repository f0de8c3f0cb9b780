// Before the first source is loaded: what Node has stripped and compiled once, it keeps, and later starts load no compiler.
import { enableCompileCache } from 'node:module'

enableCompileCache()
