: Three states in a row, for tests

NEURON {
    SUFFIX three
    USEION k READ ek WRITE ik
    RANGE gbar
}

PARAMETER { gbar = 0.002 (mho/cm2) }

ASSIGNED { v (mV) ek (mV) ik (mA/cm2) a (/ms) b (/ms) }

STATE { closed open blocked }

INITIAL { SOLVE passing STEADYSTATE sparse }

BREAKPOINT {
    SOLVE passing METHOD sparse
    ik = gbar * open * (v - ek)
}

KINETIC passing {
    rates()
    ~ closed <-> open (2 * a, b)
    ~ open <-> blocked (0.3, 0.05)
    CONSERVE closed + open + blocked = 1
}

PROCEDURE rates() {
    a = 0.6 * exp(v / 30)
    b = 0.4 * exp(-v / 25)
}
