"""The peers by name: how to build one, and the variants that the validation split chooses from."""
from . import linear, lfads, ndt, netformer, poco, stndt, tsmixer

PEERS = {
    "DLinear": (linear.DLinear, linear.VARIANTS),
    "NLinear": (linear.NLinear, linear.VARIANTS),
    "TSMixer": (tsmixer.TSMixer, tsmixer.VARIANTS),
    "LFADS": (lfads.LFADS, lfads.VARIANTS),
    "NDT": (ndt.NDT, ndt.VARIANTS),
    "STNDT": (stndt.STNDT, stndt.VARIANTS),
    "POCO": (poco.POCO, poco.VARIANTS),
    "NetFormer": (netformer.NetFormer, netformer.VARIANTS),
}
