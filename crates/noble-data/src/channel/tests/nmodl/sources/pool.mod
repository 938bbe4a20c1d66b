TITLE Pool of calcium under the membrane, for tests

INDEPENDENT { t FROM 0 TO 1 WITH 1 (ms) }

NEURON {
    SUFFIX pool
    USEION ca READ ica, cai WRITE cai
    RANGE depth, tau, rest
}

UNITS {
    (mM) = (milli/liter)
    (um) = (micron)
    F = (faraday) (coulomb)
}

PARAMETER {
    depth = 0.2 (um)
    tau = 50 (ms)
    rest = 80e-6 (mM)
}

ASSIGNED { ica (mA/cm2) cai (mM) influx (mM/ms) }

STATE { ca (mM) }

INITIAL {
    ca = rest
    cai = ca
}

BREAKPOINT { SOLVE fill METHOD derivimplicit }

DERIVATIVE fill {
    influx = -(1e4) * ica / (2 * F * depth)
    if (influx < 0) { influx = 0 }
    ca' = influx + (rest - ca) / tau
    cai = ca
}
