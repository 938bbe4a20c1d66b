TITLE Delayed-rectifier potassium current, the same as Kdr.toml

NEURON {
    SUFFIX Kdr
    USEION k READ ek WRITE ik
    RANGE gbar, vt
}

UNITS {
    (mV) = (millivolt)
    (mA) = (milliamp)
    (S) = (siemens)
}

PARAMETER {
    gbar = 0.01 (S/cm2)
    vt = -55 (mV)
}

ASSIGNED {
    v (mV)
    ek (mV)
    ik (mA/cm2)
    celsius (degC)
    alpha (/ms)
    beta (/ms)
}

STATE { n }

INITIAL {
    rates(v)
    n = alpha / (alpha + beta)
}

BREAKPOINT {
    SOLVE states METHOD cnexp
    ik = gbar * n^4 * (v - ek)
}

DERIVATIVE states {
    rates(v)
    n' = alpha * (1 - n) - beta * n
}

PROCEDURE rates(v (mV)) {
    LOCAL q, u
    q = 3^((celsius - 36) / 10)
    u = v - vt
    alpha = q * 0.032 * quotient(15 - u, 5)
    beta = q * 0.5 * exp((10 - u) / 40)
}

FUNCTION quotient(x, k) {
    if (fabs(x / k) < 1e-6) {
        quotient = k * (1 - x / k / 2)
    } else {
        quotient = x / (exp(x / k) - 1)
    }
}
