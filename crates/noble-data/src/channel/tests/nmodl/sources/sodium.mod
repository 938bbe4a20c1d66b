TITLE Sodium current for tests

COMMENT
Made up after the squid axon in 2026: one gate by steady state and time constant, one by rates.
ENDCOMMENT

NEURON {
    THREADSAFE
    SUFFIX sodium
    USEION na READ ena WRITE ina
    RANGE gmax, g, shift
    GLOBAL slope
}

UNITS {
    (mV) = (millivolt)
    (mA) = (milliamp)
    (pS) = (picosiemens)
}

PARAMETER {
    gmax = 120 (pS/um2) <0, 1e9>
    shift = 3 (mV)
    slope = 9 (mV)
    factor = 2.5
    base = 22 (degC)
    celsius (degC)
    ena (mV)
}

ASSIGNED {
    v (mV)
    ina (mA/cm2)
    g (pS/um2)
    tadj minf mtau (ms)
}

STATE { m h FROM 0 TO 1 }

INITIAL {
    tadj = factor^((celsius - base)/10)
    speeds(v)
    m = minf
    h = closing(v) / (closing(v) + opening(v))
}

BREAKPOINT {
    SOLVE states METHOD cnexp
    g = gmax * m^3 * h
    ina = (1e-4) * g * (v - ena)
}

DERIVATIVE states {
    speeds(v)
    m' = tadj * (minf - m) / mtau
    h' = closing(v) * (1 - h) - opening(v) * h
}

PROCEDURE speeds(u (mV)) {
    LOCAL up, down, w
    TABLE minf, mtau DEPEND celsius, shift FROM -120 TO 60 WITH 361
    w = u + shift
    if (fabs(w + 35) < 1e-6) { w = w + 1e-5 }
    up = 0.18 * (w + 35) / (1 - exp(-(w + 35) / slope))
    down = 0.12 * ratio(w + 35, slope)
    minf = up / (up + down)
    mtau = 1 / (up + down)
    if (mtau < 0.02 && w > -200) {
        mtau = 0.02
    } else if (mtau > 4) {
        mtau = 4
    }
}

FUNCTION ratio(a, b) {
    if (fabs(a / b) < 1e-5) {
        ratio = b - a / 2
    } else {
        ratio = a / (exp(a / b) - 1)
    }
}

FUNCTION closing(u (mV)) (/ms) { closing = 0.07 * exp(-(u + 60) / 20 (mV)) }

FUNCTION opening(u (mV)) (/ms) {
    UNITSOFF
    opening = 1 / (exp(-(u + 30) / 10) + 1)
    UNITSON
}
