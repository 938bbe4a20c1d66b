: Calcium by the equation of Goldman, Hodgkin and Katz, and calcium's own potassium current; for tests

NEURON {
    SUFFIX permeability
    USEION ca READ cai, cao WRITE ica
    USEION k READ ek WRITE ik
    USEION cl READ ecl WRITE icl VALENCE -1
    NONSPECIFIC_CURRENT il
    RANGE p, gk, gl, el, gcl
}

UNITS {
    FARADAY = (faraday) (kilocoulombs)
    R = (k-mole) (joule/degC)
}

PARAMETER {
    p = 2e-4 (cm/s)
    gk = 1e-3 (S/cm2)
    gl = 5e-5 (S/cm2)
    gcl = 1e-5 (S/cm2)
    el = -70 (mV)
}

ASSIGNED { v celsius cai cao ek ecl ica ik icl il zinf }

STATE { z }

INITIAL { rest() z = zinf }

BREAKPOINT {
    SOLVE slow METHOD cnexp
    ica = p * ghk(v, cai, cao)
    ik = gk * z * (v - ek)
    icl = gcl * (v - ecl)
    il = gl * (v - el)
}

DERIVATIVE slow {
    rest()
    z' = (zinf - z) / 3
}

PROCEDURE rest() {
    LOCAL c
    c = cai
    if (c < 1e-7) { c = c + 1e-7 }
    zinf = 1 / (1 + (5e-4 / c)^2)
}

FUNCTION ghk(u, ci, co) {
    LOCAL x
    x = 2 * FARADAY * u / (R * (celsius + 273.15))
    ghk = 2 * FARADAY * (ci * bend(-x) - co * bend(x))
}

FUNCTION bend(x) {
    if (fabs(x) < 1e-4) { bend = 1 - x / 2 } else { bend = x / (exp(x) - 1) }
}
