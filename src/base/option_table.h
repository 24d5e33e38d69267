/* The one option table. It makes --help, configuration files, the C API, the Python keywords and docs/options.md.
 *
 * X(ENUM, "name", TYPE, "default", "unit", "choices or range", "commands", "help")
 *
 * TYPE: INT, REAL, TIME (seconds; accepts "50ms", "0.05s", "0.05"), FLAG, CHOICE, TEXT, LIST (may be given several
 * times). Range of a number: "min..max", either end may be missing. Of TEXT and LIST the same field says what stands
 * for the value in the help, where that is neither FILE nor, if the help speaks of it, FILE:NAME. A default of "" means
 * unset. "auto" as a default of a number means: chosen from the data; such an option also accepts the word.
 */
#define SYN_OPTION_TABLE(X)                                                                                            \
    /* what to read */                                                                                                 \
    X(RATE, "rate", REAL, "", "Hz", "0.001..1000000",                                                                  \
      "info fit adapt evaluate forecast perturb report convert compare",                                               \
      "Frames per second, if the file does not say.")                                                                  \
    X(TIMESTAMPS, "timestamps", TEXT, "", "", "", "info fit adapt evaluate forecast perturb report convert compare",   \
      "Array FILE:NAME with the time of every frame in seconds; irregular times are resampled to one rate.")           \
    X(BEHAVIOR, "behavior", LIST, "", "", "", "info fit adapt evaluate forecast perturb report convert compare",       \
      "Array FILE:NAME of behaviour or stimulus covariates, one row a frame, or FILE:GROUP of such; FILE:NAME@TIMES "  \
      "when it has its own clock. Several may be given.")                                                              \
    X(BIN, "bin", TIME, "50ms", "s", "0.0001..60",                                                                     \
      "info fit adapt evaluate forecast perturb report convert compare simulate",                                      \
      "Width of the bins in which spike times are counted; of simulated counts too.")                                  \
    X(SIGNAL, "signal", CHOICE, "auto", "", "auto|fluorescence|deconvolved|counts",                                    \
      "info fit adapt evaluate forecast perturb report convert compare",                                               \
      "What the activity is. auto: counts for spikes and small non-negative integers; for suite2p, fluorescence "      \
      "(F - 0.7 Fneu), or spks with deconvolved.")                                                                     \
    X(ORIENTATION, "orientation", CHOICE, "auto", "", "auto|time-first|neurons-first",                                 \
      "info fit adapt evaluate forecast perturb report convert compare",                                               \
      "Which axis of an array is time. auto: from the timestamps or behaviour; a square or doubtful array is "         \
      "refused.")                                                                                                      \
    X(SEGMENTS, "segments", TEXT, "", "", "", "info fit adapt evaluate forecast perturb report convert compare",       \
      "Array FILE:NAME (S, 2) with start and stop frame of every trial or epoch; nothing crosses their borders.")      \
    X(NEURON_TABLE, "neuron-table", TEXT, "", "", "",                                                                  \
      "info fit adapt evaluate forecast perturb report convert compare",                                               \
      "Table FILE or FILE:GROUP of what the neurons are: columns label, region, cell_type, x, y, z; one row a neuron " \
      "in order, or a column index or id that says whose row it is.")                                                  \
    X(UNITS, "units", CHOICE, "good", "", "good|mua|all",                                                              \
      "info fit adapt evaluate forecast perturb report convert compare",                                               \
      "Which sorted units to take. good: those graded good; mua: multi-unit activity too; all: everything but noise, " \
      "and in NWB and CaImAn ROIs that are no cells too.")                                                             \
    /* what to fit */                                                                                                  \
    X(SAME_NEURONS, "same-neurons", CHOICE, "auto", "", "auto|yes|no", "fit adapt compare",                            \
      "Whether neurons with one id in several recordings are the same, with one embedding and one set of "             \
      "connections. auto: where ids are names (AVAL), not numbers (7, cell7).")                                        \
    X(LOSS, "loss", CHOICE, "auto", "", "auto|gaussian|poisson", "fit compare",                                        \
      "What is minimised. gaussian: squared error; poisson: the negative log likelihood of spike counts. auto: "       \
      "poisson for spike counts, gaussian otherwise.")                                                                 \
    X(CONNECTIVITY, "connectivity", CHOICE, "auto", "", "auto|none|dense|dale|lowrank|lowrank+sparse|masked",          \
      "fit adapt compare",                                                                                             \
      "Form of the functional connectivity W; dale: every sender excites or inhibits all its receivers. auto: chosen " \
      "on the validation data.")                                                                                       \
    X(STRENGTH, "strength", REAL, "auto", "", "0..", "fit adapt compare",                                              \
      "Ridge penalty on the effective connectivity, which shrinks all edges; in observations per unit of z-scored "    \
      "activity.")                                                                                                     \
    X(INNOVATION, "innovation", REAL, "auto", "", "0..1", "fit adapt compare",                                         \
      "What is taken off a sender's activity before it is sent, as a share of what its own last frame predicts. 0: "   \
      "nothing; 1: all of it, so that only what is new is sent, as suits slow calcium. auto: chosen on the "           \
      "validation data.")                                                                                              \
    X(EVENTS, "events", CHOICE, "auto", "", "auto|yes|no", "fit adapt",                                                \
      "Test and rank edges by the events behind slow fluorescence, cleared of the light of neighbours, instead of by " \
      "activity. auto: where fluorescence is made of transients that outlast a frame.")                                \
    X(EDGE_BIN, "edge-bin", TIME, "5ms", "s", "0.0005..60", "fit adapt",                                               \
      "Width of the bins in which spike times are tested for edges, short as the effect of a spike. Frames are the "   \
      "bins if they are shorter, or if there are no spike times.")                                                     \
    X(L1, "l1", REAL, "auto", "", "0..", "fit adapt compare",                                                          \
      "L1 penalty on the effective connectivity, which sets weak edges to exactly 0.")                                 \
    X(RANK, "rank", INT, "auto", "", "1..4096", "fit adapt compare",                                                   \
      "Rank of lowrank and lowrank+sparse connectivity.")                                                              \
    X(MASK, "mask", TEXT, "", "", "", "fit adapt compare",                                                             \
      "Array FILE:NAME (N, N), row = receiver: non-zero where --connectivity masked may have an edge.")                \
    X(HIDDEN, "hidden", INT, "auto", "units", "1..256", "fit compare",                                                 \
      "Hidden units H of the shared decoder; auto: 16, and twice as many while that clearly helps and the recording "  \
      "is not large.")                                                                                                 \
    X(EMBEDDING, "embedding", INT, "8", "", "0..256", "fit compare", "Length d of each neuron's embedding.")           \
    X(BEHAVIOR_INPUTS, "behavior-inputs", INT, "8", "", "0..64", "fit adapt compare",                                  \
      "Shared inputs b to which each recording's behaviour is projected.")                                             \
    X(TRAIN, "train", REAL, "0.70", "", "0.05..0.95", "fit adapt convert compare",                                     \
      "Share of the frames (or trials) used for training, from the start.")                                            \
    X(VALIDATION, "validation", REAL, "0.15", "", "0.02..0.9", "fit adapt convert compare",                            \
      "Share used for choices and early stopping; what remains is the test split.")                                    \
    X(WINDOW, "window", INT, "auto", "frames", "2..4096", "fit adapt convert compare",                                 \
      "Frames in a training window, and the least gap between the splits of a continuous recording.")                  \
    X(BATCH, "batch", INT, "auto", "frames", "1..", "fit adapt compare", "Frames in one training step.")               \
    X(LEARNING_RATE, "learning-rate", REAL, "auto", "", "0..10", "fit adapt compare",                                  \
      "Peak learning rate of the decoder.")                                                                            \
    X(EPOCHS, "epochs", INT, "auto", "epochs", "1..1000000", "fit adapt compare",                                      \
      "Greatest number of passes over the training data, for each candidate.")                                         \
    X(PATIENCE, "patience", INT, "auto", "epochs", "1..1000000", "fit adapt compare",                                  \
      "Epochs without a better validation loss before training stops.")                                                \
    /* what to write and how to run */                                                                                 \
    X(OUTPUT, "output", TEXT, "", "", "", "fit adapt forecast connectivity perturb report simulate convert",           \
      "File to write. It is replaced only when complete.")                                                             \
    X(SEED, "seed", INT, "0", "", "0..", "fit adapt simulate compare", "Seed of all randomness.")                      \
    X(REPEATS, "repeats", INT, "0", "fits", "0..100", "fit adapt",                                                     \
      "Train what was chosen this many times more, from other seeds, and say how stable each edge is; the model "      \
      "stays the same.")                                                                                               \
    X(THREADS, "threads", INT, "auto", "", "1..1024", "fit adapt evaluate forecast perturb report compare",            \
      "Threads to compute with; auto: OMP_NUM_THREADS, or one for each core. The result does not depend on their "     \
      "number.")                                                                                                       \
    X(ISA, "isa", CHOICE, "auto", "", "auto|reference|simd128|avx2|avx512",                                            \
      "fit adapt evaluate forecast perturb report compare",                                                            \
      "Instruction set of the inner loops; auto: the fastest of this processor.")                                      \
    X(RESUME, "resume", FLAG, "no", "", "", "fit adapt",                                                               \
      "Go on from the checkpoint OUTPUT.ckpt of an interrupted fit; the result is that of an undisturbed one.")        \
    X(CONFIG, "config", TEXT, "", "", "",                                                                              \
      "info fit adapt evaluate forecast connectivity perturb report simulate convert compare",                         \
      "File of `name = value` lines with options; those given on the command line win.")                               \
    X(JSON, "json", FLAG, "no", "", "",                                                                                \
      "info fit adapt evaluate forecast connectivity perturb report simulate convert compare",                         \
      "Print exactly one JSON object on standard output; everything else goes to standard error.")                     \
    X(QUIET, "quiet", FLAG, "no", "", "",                                                                              \
      "info fit adapt evaluate forecast connectivity perturb report simulate convert compare",                         \
      "Say nothing but errors.")                                                                                       \
    X(SPLITS, "splits", FLAG, "no", "", "", "convert",                                                                 \
      "Write z-scored activity and the frames of each split, as a fit sees them, for models of other programs.")       \
    X(RIVALS, "rivals", LIST, "", "", "NAME", "compare",                                                               \
      "Name of a model to compare with; several may be given, here or between commas. Default: all.")                  \
    X(PREDICTIONS, "predictions", LIST, "", "", "NAME=FILE", "compare",                                                \
      "NAME=FILE or NAME=FILE:ARRAY with another program's predictions of the test frames, z-scored, as convert "      \
      "--splits has them; once for every recording.")                                                                  \
    /* forecast and connectivity */                                                                                    \
    X(STEPS, "steps", INT, "20", "frames", "1..100000", "forecast perturb report",                                     \
      "Steps K of a rollout: frames that are forecast from the model's own predictions, or that follow a pulse. By "   \
      "default fewer where the trials of the test split are shorter.")                                                 \
    X(START, "start", INT, "auto", "", "1..", "forecast",                                                              \
      "First predicted frame of the only rollout; auto: rollouts from many frames spread over the test split.")        \
    X(HOLD_BEHAVIOR, "hold-behavior", FLAG, "no", "", "", "forecast perturb",                                          \
      "Hold behaviour at its last value during a rollout instead of using the recorded one.")                          \
    X(LAGS, "lags", INT, "0", "frames", "0..1000", "connectivity",                                                     \
      "Export lags 0 to N: how much the receiver changes in frame t+1 per unit of the sender in frame t-lag.")         \
    X(SCALE, "scale", CHOICE, "raw", "", "raw|zscored", "connectivity",                                                \
      "Units of the exported effective connectivity.")                                                                 \
    X(TRUTH, "truth", TEXT, "", "", "", "connectivity",                                                                \
      "Simulated recording (or FILE:NAME) whose true weights the connectivity is scored against.")                     \
    X(SPLIT, "split", CHOICE, "test", "", "test|all", "evaluate forecast perturb report",                              \
      "Frames to predict: the test split, or all, for a recording that the model was not fitted on.")                  \
    X(FDR, "fdr", REAL, "0.1", "", "0..1", "connectivity", "False discovery rate at which an edge counts as found.")   \
    X(FDR_METHOD, "fdr-method", CHOICE, "bh", "", "bh|by", "connectivity",                                             \
      "Benjamini-Hochberg, or Benjamini-Yekutieli, which is stricter and holds however the edges depend on each "      \
      "other.")                                                                                                        \
    X(TOP, "top", INT, "20", "edges", "0..100000000", "connectivity",                                                  \
      "How many of the significant edges to list at most, the surest first.")                                          \
    X(SESSION, "session", INT, "0", "", "0..", "connectivity forecast perturb",                                        \
      "Which recording of a model of several, from 0.")                                                                \
    /* perturb */                                                                                                      \
    X(NEURON, "neuron", TEXT, "", "", "ID", "perturb",                                                                 \
      "Neuron to stimulate: its id as in the recording, index:K for the K-th neuron of the model (from 0), or all "    \
      "for every neuron in turn.")                                                                                     \
    X(AMPLITUDE, "amplitude", REAL, "1", "", "", "perturb",                                                            \
      "Size of the pulse, by which the neuron's activity is raised for one frame; negative: lowered.")                 \
    X(PULSE_UNITS, "pulse-units", CHOICE, "zscored", "", "zscored|raw", "perturb",                                     \
      "Units of pulse and responses: standard deviations of each neuron in the train split, or raw units.")            \
    X(NOISE, "noise", CHOICE, "residuals", "", "residuals|none", "perturb",                                            \
      "How the model runs on, with and without the pulse. residuals: at every frame the difference between recording " \
      "and prediction is added to both runs; none: on its own predictions alone.")                                     \
    X(STATES, "states", INT, "auto", "", "1..1000000", "perturb",                                                      \
      "States of the test split to average over, evenly spread; auto: at most 500, fewer where N is large.")           \
    X(FORMAT, "format", CHOICE, "auto", "", "auto|html|json|png|svg|pdf", "report",                                    \
      "What to write: a page, its data, or the main figures for a paper, one file each. auto: by the name of the "     \
      "output.")                                                                                                       \
    X(COMPARISON, "comparison", TEXT, "", "", "", "report",                                                            \
      "FILE that `synapsnet compare --json` printed for the same recording, options and seed: its rivals appear "      \
      "beside "                                                                                                        \
      "SynapsNet.")                                                                                                    \
    /* simulate */                                                                                                     \
    X(NEURONS, "neurons", INT, "auto", "", "2..100000", "simulate",                                                    \
      "Neurons N of the simulated network; auto: 200 for celltypes, 60 for rates, 100 for spikes.")                    \
    X(FRAMES, "frames", INT, "auto", "frames", "10..100000000", "simulate",                                            \
      "Frames T to simulate; auto: 30000 for celltypes, 6000 for rates, 50000 for spikes.")                            \
    X(HIDDEN_FRACTION, "unobserved", REAL, "0", "", "0..0.95", "simulate",                                             \
      "Share of the neurons that exist but are not recorded.")                                                         \
    X(DRIVE, "drive", REAL, "0", "", "0..10", "simulate",                                                              \
      "Strength of a behaviour variable that drives part of the neurons; 0: no behaviour.")                            \
    X(VIEW, "view", CHOICE, "fluorescence", "", "fluorescence|counts", "simulate",                                     \
      "What is recorded of a `spikes` network.")                                                                       \
    X(DENSITY, "density", REAL, "0.1", "", "0.001..0.9", "simulate",                                                   \
      "Probability of an edge from one neuron to another, of rates and spikes.")                                       \
    X(DECAY, "decay", REAL, "0.4", "s", "0.06..20", "simulate", "Decay time of the calcium indicator.")                \
    X(CROSSTALK, "crosstalk", REAL, "0.15", "", "0..0.9", "simulate",                                                  \
      "Share of a cell's light that is scattered into another at the same place; less with distance.")                 \
    X(PHOTONS, "photons", REAL, "300", "", "1..1e9", "simulate",                                                       \
      "Photons of a cell at rest in one frame, which make the shot noise.")
