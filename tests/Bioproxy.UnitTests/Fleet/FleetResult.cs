namespace Bioproxy.UnitTests.Fleet;

/// <summary>What became of a request; each gets exactly one.</summary>
internal enum FleetResult
{
    /// <summary>A whole answer.</summary>
    Served,

    /// <summary>Its server ended in the middle of its answer.</summary>
    BrokenOff,

    /// <summary>No place could serve it: the last one failed before its first byte, or could not load the model.</summary>
    Failed,

    /// <summary>The queue was full, or it waited too long there.</summary>
    Refused,

    /// <summary>Its client left before.</summary>
    Left,
}
