% Reads what synapsnet wrote, in MATLAB:
%   synapsnet connectivity model.h5 --lags 2 -o connectivity.h5
%   synapsnet forecast model.h5 --steps 10 -o forecast.h5
% MATLAB sees the axes of an HDF5 file in reverse order; permute turns them back. Octave has no h5read of its own, but in
% the package hdf5oct.

% Effective connectivity: C(receiver, sender, lag + 1), in the units named below.
C = permute(h5read('connectivity.h5', '/effective'), [2 1 3]);
lag = h5read('connectivity.h5', '/lag');                    % in frames
unit = h5readatt('connectivity.h5', '/effective', 'unit');
id = h5read('connectivity.h5', '/neuron_id');

% Evidence for every edge at lag 0: (receiver, sender).
estimate = h5read('connectivity.h5', '/estimate')';         % what was tested (its unit: attribute)
low = h5read('connectivity.h5', '/low')';                   % its 95 % interval
high = h5read('connectivity.h5', '/high')';
q = h5read('connectivity.h5', '/q')';                       % false discovery rate
[receiver, sender] = find(q <= 0.1);
fprintf('%d edges at a false discovery rate of 0.1\n', numel(receiver));

% One frame ahead: (frame, neuron), and forecasts that run freely: (start, step, neuron).
time = h5read('forecast.h5', '/one_step/time_s');
predicted = h5read('forecast.h5', '/one_step/prediction')';
recorded = h5read('forecast.h5', '/one_step/truth')';
lower = h5read('forecast.h5', '/one_step/lower');           % 95 % intervals: what each neuron's bounds ...
upper = h5read('forecast.h5', '/one_step/upper');           % ... are away from its prediction in every frame
low1 = predicted + lower';
high1 = predicted + upper';
rollout = permute(h5read('forecast.h5', '/rollout/prediction'), [3 2 1]);
skill = h5read('forecast.h5', '/rollout/skill');            % by step, against copy-last

subplot(2, 1, 1), imagesc(C(:, :, 1)), axis image, colorbar
caxis(max(abs(C(:))) * [-1 1] + [-eps eps])                 % 0 in the middle of the colours
xlabel('sender'), ylabel('receiver'), title(unit)
subplot(2, 1, 2)
fill([time; flipud(time)], [low1(:, 1); flipud(high1(:, 1))], [0.9 0.9 0.9], 'EdgeColor', 'none')
hold on, plot(time, recorded(:, 1), 'k', time, predicted(:, 1), 'r'), hold off
xlabel('s'), title(['neuron ' id{1}]), legend('95 % interval', 'recorded', 'predicted')
