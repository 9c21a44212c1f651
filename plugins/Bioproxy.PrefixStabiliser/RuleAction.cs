namespace Bioproxy.PrefixStabiliser;

/// <summary>What becomes of a match.</summary>
internal enum RuleAction
{
    /// <summary>It is left out.</summary>
    Remove,

    /// <summary>It goes behind the stable part.</summary>
    Move,

    /// <summary>It stays as it was first in its conversation.</summary>
    Pin,
}
