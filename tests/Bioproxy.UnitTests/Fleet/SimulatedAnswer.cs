using Bioproxy.Host.Backends;

namespace Bioproxy.UnitTests.Fleet;

/// <summary>How a request ended at a simulated server.</summary>
/// <param name="Timings">What a whole answer reports; null when the server ended before.</param>
/// <param name="HasStarted">Its first byte came.</param>
internal readonly record struct SimulatedAnswer(PromptTimings? Timings, bool HasStarted);
