/*
 * The right-hand side of shell transport on equal cells.
 */
#ifndef RNI_TRANSPORT_UPWIND_H
#define RNI_TRANSPORT_UPWIND_H

#include <renorm/types.h>

/**
 * Fluxes through the n + 1 faces of n >= 2 cells: flux[i] = w[i] times the limited value of the
 * density at face i, from the side the wind comes from; nothing enters through the edges.
 *
 * @param density  [n] averages over cells
 * @param w        [n + 1] at faces
 * @param[out] flux [n + 1]
 */
void rni_upwind_flux(rn_index n, const double *density, const double *w, double *flux);

/** Slopes of the density per cell width, limited so that no cell's line turns negative or passes
    its neighbours (monotonised central). slope: [n] */
void rni_limited_slopes(rn_index n, const double *density, double *slope);

#endif
