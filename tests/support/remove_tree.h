/*
 * Folders that tests make and remove.
 */
#ifndef RENORM_TESTS_REMOVE_TREE_H
#define RENORM_TESTS_REMOVE_TREE_H

/** Removes a file, or a folder with everything in it; what is not there is fine. */
void remove_tree(const char *path);

#endif
